import { type DumpForm, traitsOf } from "../../plan/contracts/dump-forms";

/** What a dump's text was found to hold. */
export interface Content {
  readonly bytes: number;
  /** Rows of each table that has any. */
  readonly tables: Readonly<Record<string, number>>;
  /** Its end is there. */
  readonly isWhole: boolean;
}

/** Looks at a dump's text as it goes by; of its lines, only what is looked for is kept. */
export interface ContentJudge {
  add(chunk: Buffer): void;
  end(): Content;
}

/** @param form of the dump; an archive's text is what pg_restore makes of it */
export function judgeOf(form: DumpForm): ContentJudge {
  const { text } = traitsOf(form);
  switch (text) {
    case "postgresql-cluster":
      return new PostgresqlText(/^-- PostgreSQL database cluster dump complete$/m);
    case "postgresql":
      return new PostgresqlText(/^-- PostgreSQL database dump complete$/m);
    case "counts":
      return new Counts();
    case "mariadb":
      return new MariadbText();
    default:
      return text satisfies never;
  }
}

const lineFeed = 10;
/** Enough of a line's beginning for all that is looked for: a name has up to 63 bytes, and a table's columns don't count. */
const longestHead = 1024;
/** The end of a dump, with what newer versions write behind it ("\unrestrict KEY"). */
const longestEnd = 512;
/** Of a line's end. */
const longestTail = 16;

/** Splits text into lines, each given by its beginning. */
abstract class ByLine {
  private bytes = 0;
  private head: Buffer = Buffer.alloc(0);
  private tail: Buffer = Buffer.alloc(0);
  private ending: Buffer = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.ending = Buffer.concat([this.ending, chunk.subarray(-longestEnd)]).subarray(-longestEnd);
    let at = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, at);
      if (end === -1) break;
      const piece = chunk.subarray(at, end);
      if (this.head.length === 0) this.line(piece, piece);
      else this.line(this.joined(piece), this.tailWith(piece));
      if (this.head.length > 0) this.head = this.tail = Buffer.alloc(0);
      at = end + 1;
    }
    if (at === chunk.length) return;
    this.head = this.joined(chunk.subarray(at));
    this.tail = this.tailWith(chunk.subarray(at));
  }

  /**
   * @param line without its line break, from its beginning, and not all of a long one
   * @param tail how it ends
   */
  protected abstract line(line: Buffer, tail: Buffer): void;

  protected result(): { bytes: number; ending: string } {
    return { bytes: this.bytes, ending: this.ending.toString("latin1") };
  }

  private tailWith(more: Buffer): Buffer {
    return Buffer.concat([this.tail, more.subarray(-longestTail)]).subarray(-longestTail);
  }

  private joined(more: Buffer): Buffer {
    const room = longestHead - this.head.length;
    return room <= 0 ? this.head : Buffer.concat([this.head, more.subarray(0, room)]);
  }
}

const rowsFollow = /^-- Data for Name: /;

/** What pg_dump, pg_dumpall and pg_restore write: rows are lines between "COPY ... FROM stdin;" and "\.". */
class PostgresqlText extends ByLine implements ContentJudge {
  private readonly tables: Record<string, number> = {};
  private database = "";
  private table: string | undefined;
  private rows = 0;
  /** Of its comments, the last one said that rows follow. A routine's body may have lines that begin as those of rows do. */
  private follows = false;

  constructor(private readonly trailer: RegExp) {
    super();
  }

  protected line(line: Buffer): void {
    if (this.table !== undefined) {
      if (line.length !== 2 || line.toString("latin1") !== "\\.") {
        this.rows += 1;
        return;
      }
      this.tables[this.table] = this.rows;
      this.table = undefined;
      return;
    }
    const first = line[0];
    if (first !== 0x43 && first !== 0x5c && first !== 0x2d) return;
    const text = line.toString("utf8");
    if (text.startsWith("-- ")) this.follows = rowsFollow.test(text);
    const connected = /^\\connect (?:-reuse-previous=on )?(.*)$/.exec(text);
    if (connected) this.database = `${connected[1] ?? ""} `;
    const copied = this.follows ? /^COPY ((?:"(?:[^"]|"")*"|[^"\s])+) /.exec(text) : undefined;
    if (!copied || (line.length < longestHead && !text.endsWith(" FROM stdin;"))) return;
    this.follows = false;
    this.table = `${this.database}${copied[1] ?? ""}`;
    this.rows = 0;
  }

  end(): Content {
    const { bytes, ending } = this.result();
    return { bytes, tables: this.tables, isWhole: this.trailer.test(ending) };
  }
}

/** What a client counts that reads a dump of a form of its own: a number, a tab, and what it is of. That it's whole, its exit code says. */
class Counts extends ByLine implements ContentJudge {
  private readonly tables: Record<string, number> = {};

  protected line(line: Buffer): void {
    const [rows = "", table = ""] = line.toString("utf8").split("\t");
    this.tables[table] = Number(rows);
  }

  end(): Content {
    return { bytes: this.result().bytes, tables: this.tables, isWhole: Object.keys(this.tables).length > 0 };
  }
}

/**
 * What mariadb-dump and mysqldump write: rows lie between "LOCK TABLES" and "UNLOCK TABLES", each a line behind its "INSERT INTO", or the
 * first one the rest of that line. Definitions of tables, views and routines have lines that begin alike, and lie outside.
 */
class MariadbText extends ByLine implements ContentJudge {
  private readonly tables: Record<string, number> = {};
  /** Undefined where its name has a line break: rows of such a one's tables aren't counted. */
  private database: string | undefined = "";
  private table: string | undefined;
  private rows = 0;

  protected line(line: Buffer, tail: Buffer): void {
    // "(", and then the most common kind of line by far.
    if (line[0] === 0x28) {
      this.rows += 1;
      return;
    }
    const text = line.subarray(0, longestHead).toString("utf8");
    // MySQL's has each row behind an "INSERT INTO" of its own.
    if (text.startsWith("INSERT INTO ") && !tail.toString("latin1").endsWith(" VALUES")) this.rows += 1;
    if (text.startsWith("USE `")) {
      const used = /^USE (`(?:[^`]|``)*`);$/.exec(text);
      this.database = used ? `${used[1] ?? ""}.` : undefined;
    }
    if (text === "UNLOCK TABLES;" && this.table !== undefined) {
      if (this.rows > 0) this.tables[this.table] = this.rows;
      this.table = undefined;
    }
    const locked = /^LOCK TABLES (`(?:[^`]|``)*`) WRITE;$/.exec(text);
    if (locked && this.database !== undefined) {
      this.table = `${this.database}${locked[1] ?? ""}`;
      this.rows = 0;
    }
  }

  end(): Content {
    const { bytes, ending } = this.result();
    return { bytes, tables: this.tables, isWhole: /^-- Dump completed\b.*$/m.test(ending) };
  }
}
