"""The satellite side of a made pair: a town with the textures, light and season of an aerial picture."""
