// Keeps the collector busy: binary trees, maps that grow and shrink, strings, a linked list, heaps, slices that escape.
//
// In: DEPTH ROUNDS.  Out: counts that do not depend on when a collection runs.
package main

import (
	"container/heap"
	"container/list"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sort"
	"strconv"
	"strings"
)

type tree struct{ left, right *tree }

func build(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{build(depth - 1), build(depth - 1)}
}

func (t *tree) count() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

type queue []string

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return len(q[i]) < len(q[j]) || len(q[i]) == len(q[j]) && q[i] < q[j]
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(string)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

func sorted[K comparable, V any](m map[K]V, less func(a, b K) bool) []pair[K, V] {
	out := make([]pair[K, V], 0, len(m))
	for k, v := range m {
		out = append(out, pair[K, V]{k, v})
	}
	sort.Slice(out, func(i, j int) bool { return less(out[i].key, out[j].key) })
	return out
}

func main() {
	if len(os.Args) != 3 {
		os.Exit(2)
	}
	depth, _ := strconv.Atoi(os.Args[1])
	rounds, _ := strconv.Atoi(os.Args[2])
	debug.SetGCPercent(50)
	long := build(depth)
	for d := 4; d <= depth; d += 4 {
		n, sum := 1<<(depth-d+4), 0
		for i := 0; i < n; i++ {
			sum += build(d).count()
		}
		fmt.Printf("%d trees of depth %d: %d\n", n, d, sum)
	}
	words := map[string][]int{}
	for i := 0; i < rounds; i++ {
		key := strconv.Itoa(i * 7919 % 5003)
		words[key] = append(words[key], i)
		if i%3 == 0 {
			delete(words, strconv.Itoa(i%5003))
		}
	}
	total := 0
	for _, p := range sorted(words, func(a, b string) bool { return a < b }) {
		total += len(p.value) * len(p.key)
	}
	fmt.Println(len(words), total)
	q := &queue{}
	for i := 0; i < rounds/4; i++ {
		heap.Push(q, strings.Repeat(string(rune('a'+i%26)), i*31%17))
		if i%5 == 4 {
			heap.Pop(q)
		}
	}
	var b strings.Builder
	for q.Len() > 0 && b.Len() < 400 {
		b.WriteString(heap.Pop(q).(string))
	}
	fmt.Println(b.Len(), b.String()[b.Len()-20:])
	l := list.New()
	for i := 0; i < rounds; i++ {
		l.PushBack(func() int { return i })
		if l.Len() > 100 {
			l.Remove(l.Front())
		}
	}
	sum := 0
	for e := l.Front(); e != nil; e = e.Next() {
		sum += e.Value.(func() int)()
	}
	grid := make([][]float64, 300)
	for y := range grid {
		grid[y] = make([]float64, 300)
		for x := range grid[y] {
			grid[y][x] = float64(x*y%101) / 3
		}
	}
	for k := 0; k < 4; k++ {
		next := make([][]float64, len(grid))
		for y := range grid {
			next[y] = slices.Clone(grid[len(grid)-1-y])
			for x := 1; x < len(next[y]); x++ {
				next[y][x] = (next[y][x-1] + grid[y][x]) / 2
			}
		}
		grid = next
	}
	fmt.Println(sum, fmt.Sprintf("%.9f", grid[150][299]))
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println(long.count(), stats.NumGC > 3, stats.Mallocs > 100000)
}
