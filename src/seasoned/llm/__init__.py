"""What the stages ask of a model, and who answers: language models, or the built-in rules."""
