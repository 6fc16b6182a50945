"""One command a module; ``__main__`` reads the arguments and calls them."""
