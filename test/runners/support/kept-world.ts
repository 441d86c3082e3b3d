import type { World } from "./world";

/**
 * One world for all tests of a file or a block, put back for each of them as it was made: to make it anew takes twice as much work, and
 * three times as long.
 * @param make makes it, and hands it to the tests
 */
export function keptWorld(make: () => Promise<World>): void {
  let world: World | undefined;
  beforeAll(async () => {
    world = await make();
    await world.keep();
  });
  beforeEach(() => world?.goBack());
  afterAll(() => world?.close());
}
