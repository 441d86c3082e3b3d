# A job on a host belongs to one stack, whose name is in the file `owner`: "organization/project/stack".

# The stack for which this runs; nothing when somebody at the host types it, who acts for whoever it belongs to.
stack=

# Before anything of the job is changed.
refuse_other_stack() {
  [ -n "$stack" ] || return 0
  theirs=$(cat "$base/owner" 2>/dev/null) || theirs=
  [ "$theirs" = "$stack" ] ||
    fail "this host's $job belongs to stack ${theirs:-(none)}, and this is stack $stack; nothing was changed." \
      "pulumi destroy there; or, to take it over as it runs, on the host: echo $stack >$base/owner; then pulumi up"
}

# Whether the job was handed to another stack since this one deployed it: then nothing of it is this one's to remove.
belongs_to_another() {
  theirs=$(cat "$base/owner" 2>/dev/null) || theirs=
  [ -n "$stack" ] && [ -n "$theirs" ] && [ "$theirs" != "$stack" ]
}
