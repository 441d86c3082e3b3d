/** What is asked for; or why it can't be had. */
export type Answered<Answer> = Answer | { readonly cause: string };
