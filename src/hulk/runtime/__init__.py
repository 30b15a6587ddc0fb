"""The machine that all modules run on. It knows no module."""
