"""The whole of it as a static site: papers, methods, benchmarks, claims, and the records behind every number."""
