// Nothing: what a preview costs at least.
