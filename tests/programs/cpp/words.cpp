// Reads text through iostreams, counts and sorts with containers, matches with <regex>, formats with manipulators.
//
// In: FILE PATTERN OUTPUT.  Out: a report on stdout, OUTPUT.
#include <algorithm>
#include <bitset>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <queue>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {
using Value = std::variant<long, double, std::string>;

Value parse(const std::string &s) {
  std::istringstream in(s);
  if (long i; in >> i && in.eof()) return i;
  in.clear(), in.str(s);
  if (double d; in >> d && in.eof()) return d;
  return s;
}

struct Show {
  std::ostream &out;
  void operator()(long i) const { out << "long " << std::showbase << std::hex << i << std::dec << std::noshowbase; }
  void operator()(double d) const { out << "double " << std::setprecision(12) << d << std::setprecision(6); }
  void operator()(const std::string &s) const { out << std::quoted(s); }
};

struct Node { // a trie
  std::map<char, std::unique_ptr<Node>> next;
  int ends = 0;
  void add(const char *s) {
    if (!*s) { ++ends; return; }
    auto &n = next[*s];
    if (!n) n = std::make_unique<Node>();
    n->add(s + 1);
  }
  std::size_t size() const {
    return std::accumulate(next.begin(), next.end(), std::size_t{1}, [](auto n, auto &kv) { return n + kv.second->size(); });
  }
};

template <class It> auto median(It first, It last) {
  std::vector<typename std::iterator_traits<It>::value_type> v(first, last);
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}
} // namespace

int main(int argc, char **argv) {
  if (argc != 4) return std::cerr << "usage: words FILE PATTERN OUTPUT\n", 2;
  std::ifstream file(argv[1]);
  if (!file) return std::cerr << "cannot open " << argv[1] << '\n', 1;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);

  std::regex pattern(argv[2], std::regex::ECMAScript | std::regex::optimize);
  std::size_t matches = 0;
  for (auto &line : lines)
    for (std::sregex_iterator it(line.begin(), line.end(), pattern), end; it != end; ++it, ++matches)
      std::cout << it->position() << ':' << it->str() << (it->size() > 1 ? " [" + (*it)[1].str() + "]" : "") << '\n';

  std::unordered_map<std::string, int> counts;
  std::multimap<std::size_t, std::string> by_length;
  Node trie;
  std::vector<Value> values;
  for (auto &line : lines) {
    std::istringstream in(line);
    for (std::string w; in >> w;) {
      values.push_back(parse(w));
      w.erase(std::remove_if(w.begin(), w.end(), [](unsigned char c) { return std::ispunct(c); }), w.end());
      std::transform(w.begin(), w.end(), w.begin(), [](unsigned char c) { return std::tolower(c); });
      if (w.empty()) continue;
      if (!counts[w]++) by_length.emplace(w.size(), w);
      trie.add(w.c_str());
    }
  }
  using Entry = std::pair<std::string, int>;
  auto less = [](const Entry &a, const Entry &b) { return std::tie(a.second, b.first) < std::tie(b.second, a.first); };
  std::priority_queue<Entry, std::vector<Entry>, decltype(less)> top(less);
  for (auto &e : counts) top.emplace(e);
  for (int i = 0; i < 8 && !top.empty(); ++i, top.pop())
    std::cout << std::left << std::setw(12) << std::setfill('.') << top.top().first << std::right << std::setw(5) << top.top().second << '\n';
  std::cout << std::setfill(' ') << counts.size() << " words, " << trie.size() << " nodes, " << matches << " matches\n";
  for (auto n : {12u, 11u, 10u}) {
    auto [first, last] = by_length.equal_range(n);
    std::set<std::string> names;
    std::transform(first, last, std::inserter(names, names.end()), [](auto &kv) { return kv.second; });
    std::copy(names.begin(), names.end(), std::ostream_iterator<std::string>(std::cout, " "));
    std::cout << "(" << n << ")\n";
  }
  for (auto &v : values)
    if (v.index() != 2) std::visit(Show{std::cout}, v), std::cout << '\n';
  std::cout << std::scientific << 12345.678 << ' ' << std::fixed << std::setprecision(2) << 2.005 << ' ' << std::hexfloat << 0.1 << ' '
            << std::defaultfloat << 1e-7 << ' ' << std::boolalpha << true << ' ' << std::bitset<12>(1234) << '\n';
  std::list<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 1);
  numbers.remove_if([](int n) { return n % 3 == 0; });
  numbers.sort([](int a, int b) { return a % 17 != b % 17 ? a % 17 < b % 17 : a > b; });
  std::cout << median(numbers.begin(), numbers.end()) << ' ' << *std::next(numbers.begin(), 99) << ' '
            << std::inner_product(numbers.begin(), numbers.end(), numbers.rbegin(), 0LL) << '\n';
  std::function<long long(long long)> collatz = [&](long long n) { return n == 1 ? 0 : 1 + collatz(n % 2 ? 3 * n + 1 : n / 2); };
  std::cout << "collatz " << collatz(837799) << '\n';

  std::ofstream out(argv[3]);
  std::vector<Entry> all(counts.begin(), counts.end());
  std::stable_sort(all.begin(), all.end());
  for (auto &[word, n] : all) out << std::regex_replace(word, std::regex("([aeiou]+)"), "<$1>") << '\t' << n << '\n';
  return static_cast<int>(counts.size() % 100);
}
