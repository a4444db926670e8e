"""Language models behind the seam of `learning`."""
