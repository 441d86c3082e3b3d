import { parsePoolStatus, poolDevice } from "./pool-status";
import { unfinishedVolume } from "./unfinished";

test("a status gives both figures in percent, and the kernel's transaction", () => {
  const line =
    "0 60121088 thin-pool 18 1679/16384 117424/469696 - rw no_discard_passdown queue_if_no_space - 1024 \n";
  const status = parsePoolStatus(line);
  expect(status).toMatchObject({ transactionId: 18, dataPercent: 25, fault: undefined });
  expect(status?.metadataPercent).toBeCloseTo(10.25, 2);
});

test.each([
  ["0 8 thin-pool 1 1/2 1/2 - ro no_discard_passdown queue_if_no_space - 1024", "it is read-only"],
  ["0 8 thin-pool 1 1/2 2/2 - out_of_data_space queue_if_no_space - 1024", "it is out of data space"],
  ["0 8 thin-pool 1 1/2 1/2 7 rw queue_if_no_space needs_check 1024", "its metadata needs a check"],
  ["0 8 thin-pool Fail", "it has failed"],
])("%s: %s", (line, fault) => {
  expect(parsePoolStatus(line)?.fault).toBe(fault);
});

test("the status of another kind of device is none of a pool", () => {
  expect(parsePoolStatus("0 131072 thin 0 -")).toBeUndefined();
});

test("a hyphen in a name is doubled in the device's name", () => {
  expect(poolDevice("pve-ssd", "thin-data")).toBe("pve--ssd-thin--data-tpool");
});

const metadata = `pve {
	logical_volumes {
		data {
			segment1 {
				type = "thin-pool"
				message1 {
					create = "half"
				}
			}
		}
		other {
			segment1 {
				message1 {
					delete = 13
				}
			}
		}
	}
}
`;

test("what a pool was about to make is in LVM's own metadata", () => {
  expect(unfinishedVolume(metadata, "data")).toBe("half");
});

test("a removal that was cut short names no volume, and another pool's business isn't ours", () => {
  expect(unfinishedVolume(metadata, "other")).toBeUndefined();
  expect(unfinishedVolume(metadata, "absent")).toBeUndefined();
});
