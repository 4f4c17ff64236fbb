// JSON, text templates, reflection and regular expressions over a file of records.
//
// In: FILE.  Out: a page on stdout, the records again in out.json.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"text/tabwriter"
	"text/template"
	"unicode"
)

type size struct {
	W float64 `json:"w"`
	H float64 `json:"h"`
}
type item struct {
	ID    int      `json:"id"`
	Name  string   `json:"name"`
	Price float64  `json:"price"`
	Tags  []string `json:"tags,omitempty"`
	Size  *size    `json:"size"`
}
type shop struct {
	Shop struct {
		Name  string
		Open  bool
		Stock []item
	}
	Version [3]int
	Extra   json.RawMessage `json:"empty"`
	Z, A    any
}

const page = `{{define "row"}}{{printf "%-14q" .Name}} {{.Price | cents}}{{with .Size}} {{.W}}x{{.H}}{{end}}{{end -}}
{{.Shop.Name | upper}}{{if .Shop.Open}} (open){{end}}
{{range $i, $e := .Shop.Stock}}{{$i}}: {{template "row" $e}}{{range .Tags}} #{{.}}{{else}} no tags{{end}}
{{end}}{{len .Version}} {{index .Version 1}} {{and .Z (eq .A "first")}}
`

func must(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) != 2 {
		os.Exit(2)
	}
	text, err := os.ReadFile(os.Args[1])
	must(err)
	var s shop
	must(json.Unmarshal(text, &s))
	t, err := template.New("page").Funcs(template.FuncMap{
		"upper": strings.ToUpper,
		"cents": func(f float64) string { return fmt.Sprintf("%8.2f", f) },
	}).Parse(page)
	must(err)
	must(t.Execute(os.Stdout, s))

	var loose map[string]any
	must(json.Unmarshal(text, &loose))
	var walk func(path string, v any)
	var lines []string
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				walk(path+"."+k, e)
			}
		case []any:
			for i, e := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), e)
			}
		default:
			lines = append(lines, fmt.Sprintf("%s = %v (%v)", path, v, reflect.TypeOf(v)))
		}
	}
	walk("", loose)
	sort.Strings(lines)
	fmt.Println(strings.Join(lines, "\n"))

	re := regexp.MustCompile(`(?m)^\.(\w+)\.(\w+)(?:\[(\d+)\])?`)
	fmt.Println(re.FindAllStringSubmatch(strings.Join(lines, "\n"), 3), re.NumSubexp())
	fmt.Println(re.ReplaceAllStringFunc(".shop.name = 1", func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) {
				return unicode.ToUpper(r)
			}
			return '_'
		}, s)
	}))
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', tabwriter.AlignRight|tabwriter.Debug)
	for i := 0; i < reflect.TypeOf(item{}).NumField(); i++ {
		f := reflect.TypeOf(item{}).Field(i)
		fmt.Fprintf(w, "%s\t%v\t%s\t\n", f.Name, f.Type, f.Tag.Get("json"))
	}
	must(w.Flush())
	f := new(big.Int).MulRange(1, 60)
	r := big.NewRat(355, 113)
	fmt.Println(f, new(big.Int).Exp(big.NewInt(3), f, big.NewInt(1000000007)), r.FloatString(20))
	fmt.Println(json.Unmarshal([]byte(`{"Shop": {"Open": 3}}`), &s), json.Valid([]byte(`[1,]`)))

	many := make([]shop, 200)
	for i := range many {
		many[i] = s
		many[i].Version[0] = i
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", " ")
	must(enc.Encode(many))
	must(os.WriteFile("out.json", out.Bytes(), 0o644))
	fmt.Println(out.Len(), "bytes")
}
