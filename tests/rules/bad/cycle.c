/* Recursion through a pointer that the list does know. */
struct walk { unsigned (*next)(struct walk *walk); };
unsigned bad_walk(struct walk *walk);
unsigned bad_enter(struct walk *walk);
unsigned bad_walk(struct walk *walk) { return 3u * walk->next(walk); }
unsigned bad_enter(struct walk *walk) { return 5u * bad_walk(walk); }
