"""What the stages ask of whoever learns, and how model calls are accounted for."""
