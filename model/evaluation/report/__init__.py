"""The results page: tables and pictures of published checkpoints beside the published figures."""
