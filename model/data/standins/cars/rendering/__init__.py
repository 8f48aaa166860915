"""Pictures of triangle meshes: what a camera sees, and how it is lit."""
