/*
 * Lets Debian's User-Mode Linux (kernel 6.1) run on a processor whose XSAVE area is larger than the buffer that it was
 * built with, such as one with AMX (11,008 bytes). It hands a guest process its registers back by
 * ptrace(PTRACE_SETREGSET, NT_X86_XSTATE); the host takes them only when they fill the whole area, else init dies.
 * Loaded by LD_PRELOAD, this ptrace() pads such a call with zeros, and marks what was cut off as "initial state".
 * No header is included: the compiler that builds it (tcc) comes without a C library's.
 */
typedef unsigned long size;
extern long syscall(long number, ...);
extern int *__errno_location(void);

enum { SYS_ptrace = 101, PEEKTEXT = 1, PEEKUSER = 3, GETREGSET = 0x4204, SETREGSET = 0x4205, X86_XSTATE = 0x202 };
/* Legacy area and header of the standard format: Intel SDM, volume 1, 13.4. The header begins with XSTATE_BV. */
enum { HEADER = 512, SMALLEST = 576, LARGEST = 65536 };

struct vector { char *base; size length; };

static size host_area;         /* 0: not known yet */
static char padded[LARGEST];   /* User-Mode Linux runs its guest on one thread */

static void cpuid(unsigned leaf, unsigned part, unsigned *a, unsigned *b)
{
	unsigned c = part, d;

	__asm__ volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(c), "=d"(d) : "0"(leaf), "2"(c));
}

static size area_of(long pid)
{
	struct vector all = { padded, LARGEST };

	if (syscall(SYS_ptrace, (long)GETREGSET, pid, (long)X86_XSTATE, &all) == 0 && all.length >= SMALLEST)
		return all.length;
	return 0;
}

static long set_registers(long pid, struct vector *given)
{
	struct vector whole = { padded, 0 };
	unsigned length, offset;
	size i;

	if (!host_area)
		host_area = area_of(pid);
	if (given->length < SMALLEST || given->length >= host_area)
		return syscall(SYS_ptrace, (long)SETREGSET, pid, (long)X86_XSTATE, given);
	for (i = 0; i < host_area; i++)
		padded[i] = i < given->length ? given->base[i] : 0;
	for (i = 2; i < 63; i++) {
		char *bits = padded + HEADER + i / 8;
		if (!(*bits >> (i % 8) & 1))
			continue;
		cpuid(0xd, i, &length, &offset);
		if (length == 0 || (size)length + offset > given->length)
			*bits &= ~(1 << (i % 8));
	}
	whole.length = host_area;
	return syscall(SYS_ptrace, (long)SETREGSET, pid, (long)X86_XSTATE, &whole);
}

long ptrace(int request, long pid, void *address, void *data)
{
	if (request >= PEEKTEXT && request <= PEEKUSER) {
		/* The C library gives the word that was read; the system call stores it. */
		long word, failed = syscall(SYS_ptrace, (long)request, pid, address, &word);
		if (failed < 0)
			return -1;
		*__errno_location() = 0;
		return word;
	}
	if (request == SETREGSET && address == (void *)X86_XSTATE && data)
		return set_registers(pid, data);
	return syscall(SYS_ptrace, (long)request, pid, address, data);
}
