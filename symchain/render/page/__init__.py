"""Pages for a browser: one file each, with everything inside, that needs no network."""
