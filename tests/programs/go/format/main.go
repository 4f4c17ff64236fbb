// Parses, checks and formats Go source: a compiler's front end at work.
//
// In: FILE OUTPUT.  Out: the declarations on stdout, the formatted file in OUTPUT, a syntax error of a damaged copy.
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"sort"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		os.Exit(2)
	}
	source, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 0; i < 8; i++ {
		if _, err = format.Source(source); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	squeezed := bytes.ReplaceAll(bytes.ReplaceAll(source, []byte("\t"), nil), []byte(" := "), []byte(":="))
	pretty, err := format.Source(squeezed)
	fmt.Println(err, bytes.Equal(pretty, source))
	if err := os.WriteFile(os.Args[2], pretty, 0o600); err != nil {
		fmt.Println(err)
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "source.go", source, parser.ParseComments)
	fmt.Println(file.Name, len(file.Imports), len(file.Comments), err)
	kinds := map[string]int{}
	ast.Inspect(file, func(n ast.Node) bool {
		if n != nil {
			kinds[strings.TrimPrefix(fmt.Sprintf("%T", n), "*ast.")]++
		}
		if f, ok := n.(*ast.FuncDecl); ok {
			fmt.Println(set.Position(f.Pos()), f.Name, f.Type.Params.NumFields(), len(f.Body.List))
		}
		return true
	})
	var names []string
	for k, n := range kinds {
		names = append(names, fmt.Sprint(k, ":", n))
	}
	sort.Strings(names)
	fmt.Println(names)
	fmt.Println(constant.BinaryOp(constant.MakeFromLiteral("0x1p-3", token.FLOAT, 0), token.ADD, constant.MakeInt64(1<<40)))
	_, err = parser.ParseFile(set, "broken.go", bytes.ReplaceAll(source, []byte("}"), []byte(")")), parser.AllErrors)
	if list, ok := err.(scanner.ErrorList); ok {
		fmt.Println(list.Len(), list[0])
	}
	os.Exit(len(kinds))
}
