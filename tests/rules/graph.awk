# The deepest stack of a program that runs the core, from gcc's call graphs (-fcallgraph-info=su).
#   awk [-v show=1] [-v all=1] -f graph.awk INDIRECT BOUNDS FILE.ci...
#
# INDIRECT says of each call through a pointer what it may reach, BOUNDS what depth is allowed from where; both are
# described in themselves. Fails on recursion, on frames without a fixed size, on a call through a pointer that INDIRECT
# does not know, on a depth above its bound and, with `all`, on a row of INDIRECT that nothing needs. `show`: the way to
# each depth. Sources are read for the names of those calls, so it runs in the project's root.

function complain(text) { print "rules: " text > "/dev/stderr"; failed = 1 }

# The pointer that is called at "file:line:column", by the last two names of its path: peer->hooks.wake(…) is
# hooks->wake.
function called(place,  part, text, i, path) {
  split(place, part, ":")
  if (!(part[1] in read_to)) read_to[part[1]] = 0
  while (read_to[part[1]] < part[2]) {
    if ((getline text < part[1]) <= 0) return "?"
    line[part[1], ++read_to[part[1]]] = text
  }
  text = substr(line[part[1], part[2]], part[3])
  if (text ~ /^\(/ ? !match(text, /[A-Za-z0-9_.>-]+\)\(/) : !match(text, /^[A-Za-z0-9_.>-]+\(/)) return "?"
  path = substr(text, RSTART, RLENGTH)
  gsub(/[()]/, "", path)
  gsub(/->/, ".", path)
  i = split(path, part, ".")
  return i > 1 ? part[i - 1] "->" part[i] : path
}

# The row of INDIRECT for a pointer, "" when there is none.
function row_of(pointer,  i) {
  for (i = 1; i <= rows; i++) {
    if (pointer == pattern[i]) return i
    if (pattern[i] ~ /\*$/ && index(pointer, substr(pattern[i], 1, length(pattern[i]) - 1)) == 1) return i
  }
  return ""
}

function quoted(text, key,  at) {
  at = index(text, key ": \"")
  if (at == 0) return ""
  text = substr(text, at + length(key) + 3)
  return substr(text, 1, index(text, "\"") - 1)
}

FNR == 1 { input++ }

/^#/ || NF == 0 { next }

input == 1 {
  pattern[++rows] = $1
  kind[rows] = $2
  for (i = 3; i <= NF; i++) targets[rows] = targets[rows] " " $i
  next
}

input == 2 { bound[$1] = $2; next }

/^node:/ {
  title = quoted($0, "title")
  label = quoted($0, "label")
  if (!match(label, /[0-9]+ bytes \([a-z,]+\)/)) next # declared here, defined elsewhere
  split(substr(label, RSTART, RLENGTH), word, " ")
  if (word[3] != "(static)") complain(title " has a frame without a fixed size: " word[3])
  own[title] = word[1]
  name = title
  sub(/^.*\//, "", name) # file.c:name, or a public name
  titles[name] = title
  if (title == name) public[title] = 1
}

/^edge:/ {
  from = quoted($0, "sourcename")
  to = quoted($0, "targetname")
  if (to != "__indirect_call") {
    edges[from] = edges[from] " " to
    next
  }
  pointer = called(quoted($0, "label"))
  row = row_of(pointer)
  if (row == "") complain(from " calls through " pointer " (" quoted($0, "label") "), which is not listed")
  else used[row] = 1
  indirect[from] = indirect[from] " " row
}

# Bytes below a function, itself included. `tasks`: how many more may be run on this stack; `yours`: how many more
# functions of the application's may be entered on it. What the compiler calls by itself counts as nothing.
function depth(title, tasks, yours,  key, word, count, i, j, most, below, goal, left, next_of) {
  if (!(title in own)) {
    if (title ~ /^(mem(cpy|set|move|cmp)|__aeabi_[a-z0-9_]+)$/) return 0
    complain("calls " title ", whose frame is not known")
    return 0
  }
  key = title SUBSEP tasks SUBSEP yours
  if (key in known) return known[key]
  if (key in entered) {
    complain("recursion through " title)
    return 0
  }
  entered[key] = 1
  count = split(edges[title], word, " ")
  for (i = 1; i <= count; i++) {
    below = depth(word[i], tasks, yours)
    if (below > most) { most = below; next_of = word[i] SUBSEP tasks SUBSEP yours }
  }
  count = split(indirect[title], word, " ")
  for (i = 1; i <= count; i++) {
    if (kind[word[i]] == "hook" || kind[word[i]] == "never") continue
    left[1] = tasks - (kind[word[i]] == "task")
    left[2] = yours - (kind[word[i]] == "yours")
    if (left[1] < 0 || left[2] < 0) continue
    j = split(kind[word[i]] == "yours" ? interface : expand(targets[word[i]]), goal, " ")
    for (; j > 0; j--) {
      below = depth(goal[j], left[1], left[2])
      if (below > most) { most = below; next_of = goal[j] SUBSEP left[1] SUBSEP left[2] }
    }
  }
  delete entered[key]
  known[key] = own[title] + most
  deepest[key] = next_of
  return known[key]
}

# The titles of functions given as file.c:name, where *:dispatch_* means all that begin so, in whatever file.
function expand(names,  word, count, i, n, all, found) {
  count = split(names, word, " ")
  for (i = 1; i <= count; i++) {
    gsub(/\./, "[.]", word[i])
    gsub(/\*/, ".*", word[i])
    found = 0
    for (n in titles) {
      if (n !~ ("^" word[i] "$")) continue
      all = all " " titles[n]
      found = 1
    }
    if (!found) complain("there is no function " word[i])
  }
  return all
}

function show_path(key,  part) {
  while (key != "") {
    split(key, part, SUBSEP)
    printf "    %5d %s\n", own[part[1]], part[1]
    key = deepest[key]
  }
}

function check(root, what, measured, key) {
  printf "  %-18s %5d of %5d bytes\n", what, measured, bound[root]
  if (show) show_path(key)
  if (measured > bound[root]) complain(what " takes " measured " bytes of stack, more than " bound[root])
}

END {
  if (all) for (i = 1; i <= rows; i++) if (!used[i]) complain("no call through " pattern[i] " any more")
  # What a handler or callback may call: all but what belongs to the transport's own loop, and blocking calls,
  # which want a hook to wait.
  for (t in public) {
    if (t ~ /_wait$/) continue
    if (t ~ /^mbr_(call|request|topic|client)_/ || t !~ /^mbr_/ || t == "mbr_peer_close") interface = interface " " t
  }
  for (root in bound) {
    if (root != "interface") check(root, root, depth(root, 1, 3), root SUBSEP 1 SUBSEP 3)
  }
  # All of them, so that recursion is found wherever it is.
  for (t in own) {
    below = depth(t, 1, 3)
    if (index(interface " ", " " t " ") && below > most) { most = below; at = t }
  }
  if ("interface" in bound) check("interface", "the interface", most, at SUBSEP 1 SUBSEP 3)
  exit failed
}
