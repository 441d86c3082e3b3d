// Nothing: in the place of packages that a test loads and doesn't use.
