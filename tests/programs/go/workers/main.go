// Goroutines and channels: a sieve of filters, a pool of workers, select with timeouts, mutexes, contexts, panics caught.
//
// In: PRIMES WORKERS.  Out: what they agree on, in a fixed order.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func generate(ctx context.Context, out chan<- int) {
	for i := 2; ; i++ {
		select {
		case out <- i:
		case <-ctx.Done():
			return
		}
	}
}

func filter(ctx context.Context, in <-chan int, out chan<- int, prime int) {
	for {
		select {
		case i := <-in:
			if i%prime != 0 {
				select {
				case out <- i:
				case <-ctx.Done():
					return
				}
			}
		case <-ctx.Done():
			return
		}
	}
}

func primes(n int) (sum, last int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ch := make(chan int)
	go generate(ctx, ch)
	for i := 0; i < n; i++ {
		last = <-ch
		sum += last
		next := make(chan int)
		go filter(ctx, ch, next, last)
		ch = next
	}
	return
}

type job struct{ id, n int }

func pool(workers int) []string {
	jobs, results := make(chan job, 4), make(chan string)
	var wg sync.WaitGroup
	var done atomic.Int64
	for w := 0; w < workers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range jobs {
				a, b := uint64(0), uint64(1)
				for i := 0; i < j.n; i++ {
					a, b = b, a+b
					if i%16 == 0 {
						runtime.Gosched()
					}
				}
				done.Add(1)
				results <- fmt.Sprintf("%03d fib(%d)=%d", j.id, j.n, a)
			}
		}()
	}
	go func() {
		for i := 0; i < 200; i++ {
			jobs <- job{i, i % 93}
		}
		close(jobs)
		wg.Wait()
		close(results)
	}()
	var all []string
	for r := range results {
		all = append(all, r)
	}
	sort.Strings(all)
	return append(all[:3], fmt.Sprint(len(all), done.Load()))
}

func safely(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("caught: %v", r)
		}
	}()
	f()
	return errors.New("nothing to catch")
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: workers PRIMES WORKERS")
		os.Exit(2)
	}
	n, _ := strconv.Atoi(os.Args[1])
	workers, _ := strconv.Atoi(os.Args[2])
	fmt.Println(primes(n))
	for _, line := range pool(workers) {
		fmt.Println(line)
	}
	var mu sync.RWMutex
	seen := map[int]int{}
	var group sync.WaitGroup
	for i := 0; i < 500; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			mu.Lock()
			seen[i%7]++
			mu.Unlock()
			mu.RLock()
			_ = seen[0]
			mu.RUnlock()
		}(i)
	}
	group.Wait()
	fmt.Println(seen)
	timer, ticks := time.NewTimer(60*time.Millisecond), 0
	ticker := time.NewTicker(10 * time.Millisecond)
loop:
	for {
		select {
		case <-ticker.C:
			ticks++
		case <-timer.C:
			break loop
		}
	}
	fmt.Println("ticked", ticks > 0)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	fmt.Println(ctx.Err(), errors.Is(ctx.Err(), context.DeadlineExceeded))
	var list []int
	var none map[string]int
	zero := len(list)
	fmt.Println(safely(func() { _ = list[5] }))
	fmt.Println(safely(func() { none["x"] = 1 }))
	fmt.Println(safely(func() { _ = 1 / zero }))
	fmt.Println(safely(func() { var p *job; p.n++ }))
	fmt.Println(safely(func() { var v any = "text"; _ = v.(int) }))
	fmt.Println(safely(func() {}))
	var once sync.Once
	cond, ready := sync.NewCond(&sync.Mutex{}), false
	go once.Do(func() { cond.L.Lock(); ready = true; cond.L.Unlock(); cond.Broadcast() })
	cond.L.Lock()
	for !ready {
		cond.Wait()
	}
	cond.L.Unlock()
	os.Exit(n % 50)
}
