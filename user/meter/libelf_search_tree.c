// SPDX-License-Identifier: Apache-2.0
// Two functions that libelf.a of elfutils 0.192, which is Debian 13's, lacks (sourceware bug
// 32293).
//
// Reading an ELF file calls them for the tree of pieces that elf_getdata_rawchunk() has been asked
// for. libbpf asks for none, and the function that would put them there is lacking as well, so that
// a program that needs it is not linked: the tree stays empty. The Makefile has them after
// libelf.a, so that they yield to one that is whole.
#include <stddef.h>

/* Its first member; a lock follows where libelf is built for threads, as Debian's is not. */
struct search_tree {
	void *root;
};

void eu_search_tree_init(struct search_tree *tree);
void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *));

void eu_search_tree_init(struct search_tree *tree)
{
	tree->root = NULL;
}

void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *))
{
	(void)tree, (void)free_node;
}
