"""Check galleries and checkpoints on the disk, and repair what can be repaired safely (`iiae fsck`)."""
