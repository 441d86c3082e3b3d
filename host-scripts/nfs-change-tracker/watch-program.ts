/**
 * Perl text of the program that watches the roots that are its arguments. Node reaches neither fanotify(7) nor the datagrams of
 * sd_notify(3); Perl is on every Debian, and `syscall` of its own. fsnotifywait is no way: it goes on calling a folder that was
 * renamed by its old name, leaves out the folder of what was just deleted, and keeps each name that it ever told.
 *
 * It ends with its standard input, each line of which it sends to systemd. To standard output it writes records, each ended by
 * NUL: the number of a root, a letter, and a path below that root.
 * - `p`: the path changed or went
 * - `l`: the file at the path changed, and has other names, of which nothing is told
 * - `s`: anything may have changed below the path: a folder that came or went by one event, whatever is in it
 * - `u`: something changed at a place that the kernel didn't tell, as where an NFS client writes to a file that nobody has looked up
 *   since the server forgot its name
 * - `o`: there was more to tell than the kernel keeps
 * - `h`: the process that started it has opened the root: whatever changed before was told before
 *
 * Each root has a queue of its own, of the whole file system that it lies on: no folder is too new to be watched. An event names
 * its folder by a handle, which is looked up as late as possible, when it is told; a folder that was renamed meanwhile is told by its
 * new name and, by the event that follows, as a subtree. So what is known of handles is forgotten with each rename of a folder.
 */
export const watchProgram = String.raw`
use strict;
use warnings;
use Fcntl qw(O_DIRECTORY);
use POSIX ();
use Socket qw(AF_UNIX SOCK_DGRAM pack_sockaddr_un);

# fanotify_init, fanotify_mark, open_by_handle_at
my %numbers = (x86_64 => [300, 301, 304], aarch64 => [262, 263, 265]);
my $machine = (POSIX::uname())[4];
my ($init, $mark, $open) = @{ $numbers{$machine} || die "no system calls are known for $machine\n" };
my ($open_event, $renames, $deletes, $creates, $overflow, $folder) = (0x20, 0xc0, 0x200, 0x100, 0x4000, 0x40000000);
my ($written, $attributes) = (0x2 | 0x8, 0x4);
my $changes = $written | $attributes | $renames | $creates | $deletes | $folder;
# Fcntl doesn't know it; both machines have the same, as they haven't for O_DIRECTORY.
my $o_path = 010000000;
my $parent = getppid();

my @roots;
for my $path (@ARGV) {
  # Not blocking, closed on exec, told by the handle of a folder, a name in it, and the handle of what changed.
  my $queue = syscall($init, 0x3 | 0xe00, 0);
  die "fanotify_init: $!\n" if $queue < 0;
  my $named = "$path";
  # The whole file system; and who opens the root itself.
  syscall($mark, $queue, 0x101, $changes, -100, $named) == 0 or die "fanotify_mark of $path: $!\n";
  syscall($mark, $queue, 0x1, $open_event | $folder, -100, $named) == 0 or die "fanotify_mark of $path: $!\n";
  open(my $events, '<&=', $queue) or die "$path: $!\n";
  sysopen(my $root, $path, O_DIRECTORY) or die "$path: $!\n";
  push @roots, { events => $events, queue => $queue, at => fileno($root), root => $root,
                 base => readlink('/proc/self/fd/' . fileno($root)), known => {}, number => scalar @roots };
}

my ($told, %told) = ('');
sub tell_all {
  while (length $told) {
    my $written = syswrite(STDOUT, $told);
    exit 1 unless defined $written;
    substr($told, 0, $written) = '';
  }
  %told = ();
}
sub tell_of {
  my ($root, $letter, $path) = @_;
  my $record = "$root->{number}$letter$path\0";
  $told .= $record unless $told{$record}++;
}

# Where the thing of a handle lies: below the root, '' for the root itself; undef for what is gone or lies elsewhere, which the
# second value says, and for what can't be told.
sub place_of {
  my ($root, $handle) = @_;
  my $known = $root->{known};
  return ($known->{$handle}, 'elsewhere') if exists $known->{$handle};
  my $fd = syscall($open, $root->{at}, $handle, $o_path);
  return (undef, $!{ESTALE} || $!{ENOENT} ? 'gone' : '') if $fd < 0;
  my $links = (stat "/proc/self/fd/$fd")[3];
  my $path = readlink "/proc/self/fd/$fd";
  POSIX::close($fd);
  return (undef, '') unless defined $path && defined $links;
  return (undef, 'gone') if $links == 0;
  my $base = $root->{base} eq '/' ? '' : $root->{base};
  my $place = $path eq $root->{base} ? '' : index($path, "$base/") == 0 ? substr($path, length($base) + 1) : undef;
  %$known = () if keys %$known >= 4096;
  return ($known->{$handle} = $place, 'elsewhere');
}

# Whether a file has more than the one name by which it is told.
sub is_linked {
  my ($root, $handle) = @_;
  my $fd = syscall($open, $root->{at}, $handle, $o_path);
  return 0 if $fd < 0;
  my $links = (stat "/proc/self/fd/$fd")[3];
  POSIX::close($fd);
  return defined $links && $links > 1;
}

sub handle_event {
  my ($root, $mask, $pid, $records) = @_;
  return tell_of($root, 'o', '') if $mask & $overflow;
  my ($in, $name, $thing);
  while (length $records) {
    my ($kind, undef, $length) = unpack 'CCS', $records;
    my $size = unpack 'L', substr($records, 12, 4);
    my $handle = substr($records, 12, 8 + $size);
    if ($kind == 2) { ($in, $name) = ($handle, unpack 'Z*', substr($records, 20 + $size, $length - 20 - $size)) }
    elsif ($kind == 1) { $thing = $handle }
    substr($records, 0, $length) = '';
  }
  if ($mask & $open_event) {
    # Of a file system that was unmounted and mounted again, or a folder that was moved away, all would lie elsewhere.
    my $now = readlink "/proc/self/fd/$root->{at}";
    die "what is watched isn't $root->{base} any more, but $now\n" if $now ne $root->{base};
    tell_of($root, 'h', '') if $pid == $parent;
    return unless $mask & $changes & ~$folder;
  }
  if (!defined $in) {
    # The file alone is told. It may have been looked up by name since; and of one that is gone, its folder tells.
    my ($place, $why) = defined $thing ? place_of($root, $thing) : (undef, '');
    delete $root->{known}{$thing} if defined $thing;
    # That it got or lost a name changes no other one.
    return tell_of($root, $mask & $written && is_linked($root, $thing) ? 'l' : 'p', $place) if defined $place;
    return $why eq 'gone' ? () : tell_of($root, 'u', '');
  }
  my ($place, $why) = place_of($root, $in);
  my $moved = $mask & $folder && $mask & $renames;
  $root->{known} = {} if $moved;
  return tell_of($root, 'u', '') if $why eq '';
  my $linked = $mask & ($written | $attributes) && !($mask & $folder) && defined $thing && is_linked($root, $thing);
  return $linked ? tell_of($root, 'u', '') : () unless defined $place;
  my $path = $name eq '.' ? $place : $place eq '' ? $name : "$place/$name";
  my $whole = $moved || ($mask & $folder && $mask & $creates);
  tell_of($root, $whole ? 's' : $linked ? 'l' : 'p', $path eq '' ? '.' : $path);
}

my $service = $ENV{NOTIFY_SOCKET};
sub notify {
  return unless defined $service;
  (my $address = $service) =~ s/^@/\0/;
  socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or return;
  send($socket, $_[0], 0, pack_sockaddr_un($address));
}

my $asked = '';
while (1) {
  my $ready = '';
  vec($ready, 0, 1) = 1;
  vec($ready, $_->{queue}, 1) = 1 for @roots;
  select($ready, undef, undef, undef);
  if (vec($ready, 0, 1)) {
    exit 0 unless sysread(STDIN, $asked, 4096, length $asked);
    notify($1) while $asked =~ s/^(.*)\n//;
  }
  for my $root (@roots) {
    # Bounded, so that no storm of them keeps it from what it is asked.
    for (1 .. 64) {
      my $bytes = sysread($root->{events}, my $read, 262144) or last;
      for (my $at = 0; $at < $bytes;) {
        my ($length, undef, undef, $head, $mask, undef, $pid) = unpack 'LCCSQll', substr($read, $at, 24);
        handle_event($root, $mask, $pid, substr($read, $at + $head, $length - $head));
        $at += $length;
      }
      tell_all();
    }
  }
  # What changes again and again is one event until it is read.
  select(undef, undef, undef, 0.05);
}
`;
