// The `holdfast` command in a clone: installs what is missing first.
import "./install.mjs";
import "./bin.mjs";
