"""Layer streams in, image facts out: packages, files, secrets."""
