"""Where is the space continuous? Cells as token strings, and the networks that embed, judge and spell them."""
