"""nasrepro: train weight-sharing supernets, look up what the found architectures are worth, print the papers again."""

__version__ = "0.1.0"
