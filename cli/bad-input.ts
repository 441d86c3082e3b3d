/** Input that can't be used: exit 2, and the message is all that the operator has to see. */
export class BadInput extends Error {}
