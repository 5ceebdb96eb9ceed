"""Which runs make a result? Expand, execute, skip what is done, resume what is half done."""
