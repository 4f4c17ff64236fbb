// The same work with goroutines: channels without a buffer between two of them, creation, and many that wait.
// Usage: goroutines roundtrip|generator|create|live N
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
)

func main() {
	runtime.GOMAXPROCS(1)
	n, _ := strconv.Atoi(os.Args[2])
	sum := 0
	switch os.Args[1] {
	case "roundtrip":
		there, back := make(chan int), make(chan int)
		go func() {
			for range there {
				back <- 1
			}
		}()
		for i := 0; i < n; i++ {
			there <- 1
			<-back
		}
	case "generator":
		values := make(chan int)
		go func() {
			for i := 0; ; i++ {
				values <- i
			}
		}()
		for i := 0; i < n; i++ {
			sum += <-values
		}
	case "create":
		done := make(chan int, 1)
		for i := 0; i < n; i++ {
			go func() { done <- 1 }()
			sum += <-done
		}
	case "live":
		var ready, ended sync.WaitGroup
		goOn := make(chan bool)
		ready.Add(n)
		ended.Add(n)
		results := make([]int, n)
		for i := 0; i < n; i++ {
			go func() {
				ready.Done()
				<-goOn
				results[i] = 5*i + 6
				ended.Done()
			}()
		}
		ready.Wait()
		close(goOn)
		ended.Wait()
		for _, r := range results {
			sum += r
		}
	}
	fmt.Println(sum)
}
