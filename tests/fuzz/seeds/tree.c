// flags: -O0
#include <stdlib.h>
struct node {
  struct node *left, *right;
  int key;
  int (*visit)(struct node *);
};
static int visit_even(struct node *n) { return n->key; }
static int visit_odd(struct node *n) { return -n->key; }
static struct node *insert(struct node *n, int key) {
  if (!n) {
    n = calloc(1, sizeof *n);
    n->key = key;
    n->visit = key & 1 ? visit_odd : visit_even;
  } else if (key < n->key)
    n->left = insert(n->left, key);
  else
    n->right = insert(n->right, key);
  return n;
}
static int walk(struct node *n) { return n ? walk(n->left) + n->visit(n) + walk(n->right) : 0; }
int main(void) {
  struct node *root = NULL;
  for (int i = 0; i < 50; i++)
    root = insert(root, i * 37 % 101);
  return walk(root) & 127;
}
