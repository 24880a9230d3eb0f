// Runner holds a server against the cases of the contract, as `nuvyn-contract verify` does:
//
//	go run examples/go/runner/main.go -url http://127.0.0.1:8080 -token TOKEN
//
// It follows "How to write a runner in another language" of contract/README.md, whose numbers stand below, and
// needs nothing but Go. It leaves what the cases created. Exit status 0: all as documented; 1: differences; 2: not asked.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

type Case struct {
	ID              string
	Needs, Requires []string
	Request         map[string]any
	Poll            *struct {
		Path          string
		AtMostSeconds float64 `json:"at_most_seconds"`
		Until, Order  []any
		Meanwhile     map[string]any
		ByState       map[string]any `json:"by_state"`
	}
	Response struct {
		Status, Body any
		Headers      map[string]any
	}
}

type Answer struct {
	status  int
	headers http.Header
	text    string
	body    any // nil when the text is no JSON document
}

// Player asks one server. What answers bring goes along to later requests.
type Player struct {
	url                 string
	pause               time.Duration
	variables, captured map[string]any
	failed              map[string]string // a case, and the one that is the reason
	differences         []string          // of the case that is played
}

var client = http.Transport{DisableCompression: true, ResponseHeaderTimeout: time.Minute} // follows no redirect

func main() {
	folder := flag.String("cases", "contract/cases", "the folder with the cases")
	server := flag.String("url", "", "the server, such as http://127.0.0.1:8080")
	given := map[string]*string{
		"token":         flag.String("token", "", "a Bearer token that the server accepts"),
		"cluster_id":    flag.String("cluster-id", "", "an existing cluster; else the first that the server lists"),
		"refused_token": flag.String("refused-token", "", "a token that the server refuses"),
	}
	pause := flag.Duration("pause", 50*time.Millisecond, "the first pause between two looks at a run")
	flag.Parse()
	var start struct{ Defaults map[string]any }
	err := readJSON(filepath.Join(*folder, "variables.json"), &start)
	cases, wrong := readCases(*folder)
	if err = errors.Join(err, wrong); err != nil {
		stop("The cases cannot be read: %v.", err)
	}
	player := &Player{url: strings.TrimRight(*server, "/"), pause: *pause, variables: start.Defaults, failed: map[string]string{}}
	for name, value := range given {
		if *value != "" {
			player.variables[name] = *value
		}
	}
	if *given["cluster_id"] == "" {
		answer, err := player.send(map[string]any{"method": "GET", "path": "/api/2.0/clusters/list", "client": "curl",
			"headers": map[string]any{"Authorization": "Bearer " + *given["token"]}})
		if err != nil {
			stop("-url %q does not answer: %v.", *server, err)
		}
		if clusters, _ := valueAt(answer.body, "$.clusters").([]any); len(clusters) > 0 {
			player.variables["cluster_id"] = valueAt(clusters[0], "$.cluster_id")
		}
	}
	counts := map[string]int{}
	for _, each := range cases {
		outcome := player.play(each)
		counts[outcome]++
		fmt.Printf("%-10s %s\n", outcome, strings.Join(append([]string{each.ID}, player.differences...), "\n           "))
	}
	fmt.Printf("%d passed, %d failed, %d not asked\n", counts["passed"], counts["FAILED"], counts["not asked"])
	if counts["FAILED"] > 0 {
		os.Exit(1)
	}
}

func stop(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(2)
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber() // an id has more digits than a float64
	return decoder.Decode(into)
}

// readCases returns the cases in the order of their files, but each after all that it needs (1, 2).
func readCases(folder string) (ordered []*Case, err error) {
	var ids []string
	byID, state := map[string]*Case{}, map[string]string{}
	for _, family := range []string{"setup", "commands", "jobs", "secrets", "runs"} {
		paths, _ := filepath.Glob(filepath.Join(folder, family, "*.json")) // sorted
		for _, path := range paths {
			var story struct{ Cases []*Case }
			err = errors.Join(err, readJSON(path, &story))
			for _, each := range story.Cases {
				ids, byID[each.ID] = append(ids, each.ID), each
			}
		}
	}
	var visit func(id string)
	visit = func(id string) {
		if each := byID[id]; each == nil || state[id] == "begun" {
			err = errors.Join(err, fmt.Errorf("%q is no case, or needs itself", id))
		} else if state[id] == "" {
			state[id] = "begun"
			for _, need := range each.Needs {
				visit(need)
			}
			state[id], ordered = "whole", append(ordered, each)
		}
	}
	for _, id := range ids {
		visit(id)
	}
	return ordered, err
}

// play asks one case and returns what became of it.
func (p *Player) play(each *Case) string {
	p.differences, p.captured = nil, map[string]any{}
	for _, name := range each.Requires { // 3
		if _, isGiven := p.variables[name]; !isGiven {
			p.differences = []string{"no " + name + " was given"}
			return "not asked"
		}
	}
	reason := each.ID
	if broken := slices.IndexFunc(each.Needs, func(need string) bool { return p.failed[need] != "" }); broken >= 0 { // 10
		reason = p.failed[each.Needs[broken]]
		p.note("request", "to be asked", "nothing, because "+reason+" failed")
	} else if request, _ := p.resolve(each.Request).(map[string]any); len(p.differences) == 0 {
		if answer, err := p.wait(each, request); err != nil {
			p.note("request", "an answer", err.Error())
		} else if len(p.differences) == 0 {
			p.judge(each, answer)
		}
	}
	if len(p.differences) > 0 {
		p.failed[each.ID] = reason
		return "FAILED"
	}
	for name, value := range p.captured { // 9
		p.variables[name] = value
	}
	return "passed"
}

// send sends a request as it stands (5).
func (p *Player) send(request map[string]any) (answer Answer, err error) {
	content, hasContent := request["text"].(string)
	if body, hasBody := request["body"]; hasBody {
		text, _ := json.Marshal(body)
		content, hasContent = string(text), true
	}
	base, err := url.Parse(p.url)
	if err != nil || base.Host == "" {
		return answer, fmt.Errorf("it is no URL: %w", errors.Join(err, errors.New("http://host:port is one")))
	}
	target := *base
	target.Opaque = base.Path + request["path"].(string)
	if request["target"] == "absolute" {
		target.Opaque = "//" + base.Host + target.Opaque // Go writes the scheme before it
	}
	asked := &http.Request{Method: request["method"].(string), URL: &target, Host: base.Host, Header: http.Header{"User-Agent": {""}}}
	if request["client"] == "curl" {
		asked.Header = http.Header{"User-Agent": {"curl/8.5.0"}, "Accept": {"*/*"}}
	}
	if hasContent {
		asked.Body, asked.ContentLength = io.NopCloser(strings.NewReader(content)), int64(len(content))
		if request["client"] == "curl" {
			asked.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	for name, value := range request["headers"].(map[string]any) {
		asked.Header.Set(name, value.(string))
	}
	got, err := client.RoundTrip(asked)
	if err != nil {
		return answer, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return Answer{got.StatusCode, got.Header, string(text), parsed(string(text))}, err
}

// wait sends a request, and as long as the case says again (6).
func (p *Player) wait(each *Case, request map[string]any) (Answer, error) {
	answer, err := p.send(request)
	poll, pause, latest, begin := each.Poll, p.pause, -1, time.Now()
	for err == nil && poll != nil && same(each.Response.Status, json.Number(fmt.Sprint(answer.status))) {
		state := valueAt(answer.body, poll.Path)
		if contains(poll.Until, state) {
			break
		}
		p.compare("$", poll.Meanwhile, answer.body)
		if pattern, isThere := poll.ByState[fmt.Sprint(state)]; isThere {
			p.compare("$", pattern, answer.body)
		}
		place := slices.IndexFunc(poll.Order, func(other any) bool { return same(other, state) })
		if place >= 0 && place < latest {
			p.note(poll.Path, "no way back from "+shown(poll.Order[latest]), shown(state))
		}
		if time.Since(begin).Seconds() >= poll.AtMostSeconds {
			p.note(poll.Path, fmt.Sprintf("one of %s within %v s", shown(poll.Until), poll.AtMostSeconds), shown(state))
		}
		if len(p.differences) > 0 {
			break
		}
		time.Sleep(pause)
		pause, latest = min(pause*2, time.Second), max(latest, place)
		answer, err = p.send(request)
	}
	return answer, err
}

// judge compares the last answer (7).
func (p *Player) judge(each *Case, answer Answer) {
	statuses, isList := each.Response.Status.([]any)
	if !isList {
		statuses = []any{each.Response.Status}
	}
	if !contains(statuses, json.Number(fmt.Sprint(answer.status))) {
		p.note("status", shown(statuses), fmt.Sprint(answer.status, " with ", answer.text))
		return
	}
	if answer.body == nil {
		p.note("$", "a JSON document", answer.text)
		return
	}
	if kind, _, _ := strings.Cut(answer.headers.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		p.note("header.Content-Type", "application/json", kind)
	}
	for name, pattern := range each.Response.Headers {
		p.compare("header."+name, pattern, answer.headers.Get(name))
	}
	p.compare("$", each.Response.Body, answer.body)
}

// compare notes where a value does not meet a pattern (8).
func (p *Player) compare(path string, pattern, got any) {
	switch wanted := pattern.(type) {
	case map[string]any:
		object, isObject := got.(map[string]any)
		if isPlaceholder(wanted) {
			for demand, value := range wanted {
				p.demand(path, demand, value, got)
			}
		} else if !isObject {
			p.note(path, "an object", shown(got))
		} else {
			for key, value := range wanted {
				member, isThere := object[key]
				placeholder, _ := value.(map[string]any)
				mayBeMissing := placeholder["$absent"] == true || placeholder["$optional"] == true
				if isThere && placeholder["$absent"] != true {
					p.compare(path+"."+key, value, member)
				} else if isThere || !mayBeMissing {
					p.note(path+"."+key, shown(value), shown(member))
				}
			}
		}
	case []any:
		list, _ := got.([]any)
		if len(list) != len(wanted) || list == nil {
			p.note(path, fmt.Sprintf("a list of %d", len(wanted)), shown(got))
			return
		}
		for index, each := range wanted {
			p.compare(fmt.Sprintf("%s[%d]", path, index), each, list[index])
		}
	default:
		p.want(same(p.resolve(wanted), got), path, p.resolve(wanted), got)
	}
}

func (p *Player) demand(path, demand string, value, got any) {
	text, isText := got.(string)
	list, isList := got.([]any)
	object, isObject := got.(map[string]any)
	number, isNumber := got.(json.Number)
	_, isBoolean := got.(bool)
	isInteger := isNumber && !strings.ContainsAny(number.String(), ".eE")
	isMet := true
	switch demand {
	case "$type":
		isMet = map[string]bool{"integer": isInteger, "number": isNumber, "string": isText, "boolean": isBoolean,
			"array": isList, "object": isObject, "null": got == nil}[value.(string)]
	case "$capture":
		p.captured[value.(string)] = got
	case "$ref":
		isMet = same(p.resolve(map[string]any{"$ref": value}), got)
	case "$match", "$no_match":
		expression, err := regexp.Compile(p.filled(value.(string), regexp.QuoteMeta))
		isMet = err == nil && isText && expression.MatchString(text) == (demand == "$match")
	case "$one_of":
		isMet = contains(value.([]any), got)
	case "$min":
		isMet = isNumber && float(number) >= float(value.(json.Number))
	case "$min_length":
		isMet = isText && float64(utf8.RuneCountInString(text)) >= float(value.(json.Number))
	case "$min_items":
		isMet = isList && float64(len(list)) >= float(value.(json.Number))
	case "$items":
		isMet = isList
		for index, each := range list {
			p.compare(fmt.Sprintf("%s[%d]", path, index), value, each)
		}
	case "$contains":
		isMet = slices.ContainsFunc(list, func(each any) bool {
			other := &Player{variables: p.variables, captured: map[string]any{}}
			other.compare(path, value, each)
			return len(other.differences) == 0
		})
	case "$exact":
		p.compare(path, value, got)
		for key, member := range object {
			_, isKnown := value.(map[string]any)[key]
			p.want(isKnown, path+"."+key, "nothing", member)
		}
	case "$absent", "$optional": // the object around it has seen to that
	default:
		isMet = false // a placeholder that this runner does not know
	}
	p.want(isMet, path, map[string]any{demand: value}, got)
}

func (p *Player) want(isMet bool, path string, wanted, got any) {
	if !isMet {
		p.note(path, shown(wanted), shown(got))
	}
}

func (p *Player) note(path, wanted, got string) {
	p.differences = append(p.differences, fmt.Sprintf("%s: wanted %s, got %s", path, wanted, got))
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// filled puts variables into a text.
func (p *Player) filled(text string, quote func(string) string) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		return quote(fmt.Sprint(p.resolve(map[string]any{"$ref": found[2 : len(found)-1]})))
	})
}

// resolve puts variables into a request, or a part of it (4).
func (p *Player) resolve(template any) any {
	switch value := template.(type) {
	case string:
		return p.filled(value, func(text string) string { return text })
	case []any:
		made := make([]any, len(value))
		for index, each := range value {
			made[index] = p.resolve(each)
		}
		return made
	case map[string]any:
		if name, isReference := value["$ref"].(string); isReference {
			found, isKnown := p.variables[name]
			p.want(isKnown, "request", "a value for "+name, nil)
			return found
		}
		made := map[string]any{}
		for key, each := range value {
			made[key] = p.resolve(each)
		}
		return made
	}
	return template
}

func isPlaceholder(pattern map[string]any) bool {
	for key := range pattern {
		if strings.HasPrefix(key, "$") {
			return true
		}
	}
	return false
}

// valueAt returns the value at a path such as $.state.result_state; nil where there is none.
func valueAt(body any, path string) any {
	for _, key := range strings.Split(path, ".")[1:] {
		object, _ := body.(map[string]any)
		body = object[key]
	}
	return body
}

func contains(values []any, value any) bool {
	return slices.ContainsFunc(values, func(each any) bool { return same(each, value) })
}

func same(left, right any) bool {
	switch left := left.(type) {
	case json.Number:
		number, isNumber := right.(json.Number)
		return isNumber && (left == number || strings.ContainsAny(string(left+number), ".eE") && float(left) == float(number))
	case []any:
		list, isList := right.([]any)
		return isList && slices.EqualFunc(left, list, same)
	case map[string]any:
		object, isObject := right.(map[string]any)
		for key, value := range left {
			other, isThere := object[key]
			isObject = isObject && isThere && same(value, other)
		}
		return isObject && len(left) == len(object)
	}
	if _, isList := right.([]any); isList {
		return false
	}
	_, isObject := right.(map[string]any)
	return !isObject && left == right
}

func float(number json.Number) float64 {
	value, _ := number.Float64()
	return value
}

func shown(value any) string {
	text, _ := json.Marshal(value)
	return string(text)
}

// parsed returns a JSON document; nil when a text is none, or has a key twice (7).
func parsed(text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	value, err := next(decoder)
	if _, more := decoder.Token(); err != nil || more != io.EOF {
		return nil
	}
	return value
}

// next reads one value; encoding/json alone would take the last of two equal keys.
func next(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			value, err := next(decoder)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = decoder.Token()
		return list, err
	case json.Delim('{'):
		object := map[string]any{}
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			value, err := next(decoder)
			if _, isTwice := object[key.(string)]; isTwice || err != nil {
				return nil, fmt.Errorf("the key %v is wrong or stands there twice: %w", key, err)
			}
			object[key.(string)] = value
		}
		_, err = decoder.Token()
		return object, err
	}
	return token, nil
}
