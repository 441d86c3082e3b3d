/**
 * Folder of a host with an estate's pages, in a folder of the estate's name. Root's own: whoever logs in as root sees it. They go
 * off site with the host's configuration.
 */
export const runbookPagesFolder = "/root/holdfast-runbooks";
