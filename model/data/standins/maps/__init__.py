"""The stand-in for pix2pix's Maps: a made town, seen from above and as a street map."""
