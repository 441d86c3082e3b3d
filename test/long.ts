/** Whether this is `npm run test:long`, which walks what `npm test` tries a part of. */
export const long = process.env["HOLDFAST_LONG"] === "1";
