"""Fine-tune the backbone on seen classes."""
