/** What the names of a job's alerts begin with: what its part calls them, or "NfsMirror" for the job nfs-mirror. */
export function alertStem(job: string, called: string | undefined): string {
  return called ?? job.split("-").map(capitalised).join("");
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
