"""The interface to the learner, and the accounting of model calls."""
