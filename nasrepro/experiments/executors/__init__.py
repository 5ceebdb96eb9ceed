"""Where are jobs carried out? On this machine or on a cluster; the same plan gives the same records."""
