"""The systems that the paper compares IIAE with: pix2pix, BicycleGAN and CdDN."""
