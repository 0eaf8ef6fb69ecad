/*
A small shop: every sale is printed once, whatever fails in between. Needs Go 1.19, the standard library only.

	shop sell NAME PRICE VAT               store a sale and print its receipt
	shop resume                            ask about every open sale: whenever your program starts
	shop decide KEY WHO printed NUMBER     undecided: a person has found the receipt
	shop decide KEY WHO not_printed        undecided: a person has found no receipt

Ends with 0 printed, 1 not printed, 2 wrong usage, 3 undecided, 5 refused, 6 not known yet.
*/
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

var (
	socket  = setting("FISCALD_SOCKET", "/run/fiscald/fiscald.sock")
	journal = setting("SHOP_SALES", "sales.jsonl") // the shop's database
	printer = setting("SHOP_PRINTER", "till1")
	timeout = setting("SHOP_TIMEOUT", "15") // seconds; more than wait
	pauses  = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}
)

const wait = 3 // seconds until fiscald answers "not yet": the cashier learns soon that there is no paper

type line struct {
	Name  string `json:"name"`
	Price string `json:"price"`
	VAT   string `json:"vat"`
}

type receipt struct {
	Type  string `json:"type"`
	Lines []line `json:"lines"`
}

// sale is a record of the shop's database.
type sale struct {
	Key      string   `json:"key"`
	Document *receipt `json:"document,omitempty"`
	State    string   `json:"state,omitempty"`
	Number   int      `json:"number,omitempty"`
}

type problem struct {
	Detail   string `json:"detail"`
	DetailPL string `json:"detail_pl"`
}

// answer is a job or a refusal; Document is the receipt of the one, and a word of the other.
type answer struct {
	problem
	State    string          `json:"state"`
	Document json.RawMessage `json:"document"`
	Result   struct {
		Number int `json:"number"`
	} `json:"result"`
	Error     problem `json:"error"`
	Waiting   problem `json:"waiting"`
	CreatedAt string  `json:"created_at"`
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// -- the shop's database: the last line of a key counts ----------------------------------------------------------

// store returns when the record is on the disk: after a power cut it must be there.
func store(record sale) {
	data, err := json.Marshal(record)
	check(err)
	file, err := os.OpenFile(journal, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	check(err)
	defer file.Close()
	// The first newline ends what an earlier crash may have left unfinished.
	_, err = fmt.Fprintf(file, "\n%s\n", data)
	check(err)
	check(file.Sync())
}

// sales returns the keys in their order, and every sale by its key.
func sales() ([]string, map[string]sale) {
	keys, found := []string{}, map[string]sale{}
	data, err := os.ReadFile(journal)
	if errors.Is(err, fs.ErrNotExist) {
		return keys, found
	}
	check(err)
	for _, text := range bytes.Split(data, []byte("\n")) {
		var record sale
		if json.Unmarshal(text, &record) != nil { // unfinished, so never submitted
			continue
		}
		earlier, known := found[record.Key]
		if !known {
			keys = append(keys, record.Key)
		}
		if record.Document == nil {
			record.Document = earlier.Document
		}
		found[record.Key] = record
	}
	return keys, found
}

// check ends the shop where it cannot keep its promise: no sale is submitted that is not stored.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(70)
	}
}

// -- fiscald -------------------------------------------------------------------------------------------------------

// client speaks HTTP on a Unix socket.
func client() *http.Client {
	seconds, err := strconv.Atoi(timeout)
	check(err)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	// Without keep-alive the library does not send a request again by itself: the shop does.
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	return &http.Client{Transport: transport, Timeout: time.Duration(seconds) * time.Second}
}

// call makes one request. The status is 0 if there is no answer, or one that is not fiscald's.
func call(method, path string, body any) (status int, found answer) {
	data, err := json.Marshal(body)
	check(err)
	request, err := http.NewRequest(method, "http://localhost"+path, bytes.NewReader(data))
	check(err)
	request.Header.Set("Content-Type", "application/json")
	response, err := client().Do(request)
	if err != nil {
		return 0, answer{}
	}
	defer response.Body.Close()
	if json.NewDecoder(response.Body).Decode(&found) != nil {
		return 0, answer{}
	}
	return response.StatusCode, found
}

// noAnswer says that the outcome is unknown: ask again with the same key.
func noAnswer(status int) bool {
	return status == 0 || status == 408 || status == 429 || status == 500 || status == 503
}

// ask makes the same request until there is an answer. The key makes that safe: nothing is printed twice.
func ask(method, path string, body any) (int, answer) {
	for _, pause := range pauses {
		if status, found := call(method, path, body); !noAnswer(status) {
			return status, found
		}
		fmt.Println("Brak odpowiedzi. Pytam ponownie o tę samą sprzedaż.")
		time.Sleep(pause)
	}
	return call(method, path, body)
}

// submit asks for a receipt until the answer is final.
func submit(key string, document *receipt) int {
	shown := ""
	for {
		path := fmt.Sprintf("/v1/jobs/%s?wait=%d", url.PathEscape(key), wait)
		status, found := ask("PUT", path, map[string]any{"printer": printer, "document": document})
		if found.State != "accepted" && found.State != "running" {
			return tell(key, status, found)
		}
		// No paper, printer off.
		if waiting := found.Waiting.DetailPL; waiting != "" && waiting != shown {
			fmt.Println("Czekam:", waiting)
			shown = waiting
		}
	}
}

// tell shows the cashier what became of the sale, and stores it if it is final.
func tell(key string, status int, found answer) int {
	switch {
	case noAnswer(status):
		fmt.Println("Wynik nie jest jeszcze znany. Zapytaj później: resume")
		return 6
	case status >= 400:
		fmt.Println("Odmowa:", found.DetailPL)
		fmt.Fprintln(os.Stderr, found.Detail)          // for the developer: which field, and what to send instead
		if string(found.Document) != `"not_printed"` { // this request did nothing, but an earlier one may have printed
			return 6
		}
		store(sale{Key: key, State: "refused"})
		return 5
	case found.State == "done":
		store(sale{Key: key, State: "done", Number: found.Result.Number})
		fmt.Println("Wydrukowano paragon nr", found.Result.Number)
		return 0
	case found.State == "failed": // the corrected receipt is a new sale with a new key
		store(sale{Key: key, State: "failed"})
		fmt.Println("Nie wydrukowano:", found.Error.DetailPL)
		return 1
	}
	// Undecided: the printer itself does not know. Only a person who looks at the paper can say.
	fmt.Println("Nie wiadomo, czy paragon się wydrukował:", found.Error.DetailPL)
	var document receipt
	check(json.Unmarshal(found.Document, &document))
	for _, each := range document.Lines {
		fmt.Printf("Szukaj na papierze: %s %s, około %s\n", each.Name, each.Price, found.CreatedAt)
	}
	fmt.Printf("Jest taki paragon:      decide %s KTO printed NUMER\n", key)
	fmt.Printf("Nie ma takiego paragonu: decide %s KTO not_printed\n", key)
	return 3
}

// -- the till ------------------------------------------------------------------------------------------------------

// sell makes one sale.
func sell(name, price, vat string) int {
	random := make([]byte, 16)
	_, err := rand.Read(random)
	check(err)
	key := fmt.Sprintf("sale-%x", random) // made with the sale; an invoice number is as good
	document := &receipt{Type: "receipt", Lines: []line{{Name: name, Price: price, VAT: vat}}}
	store(sale{Key: key, Document: document}) // before the first request: after a crash, resume asks with this key
	return submit(key, document)
}

// resume asks about every sale that has no final answer; the worst result counts.
func resume() int {
	worst := 0
	keys, found := sales()
	for _, key := range keys {
		if state := found[key].State; state != "done" && state != "failed" && state != "refused" {
			if code := submit(key, found[key].Document); code > worst {
				worst = code
			}
		}
	}
	return worst
}

// decide is what a person found on the paper of an undecided sale.
func decide(key string, decision map[string]any) int {
	status, found := ask("POST", "/v1/jobs/"+url.PathEscape(key)+"/resolution", decision)
	return tell(key, status, found)
}

func main() {
	words := os.Args[1:]
	verb, count := append(words, "")[0], len(words)
	switch {
	case verb == "sell" && count == 4:
		os.Exit(sell(words[1], words[2], words[3]))
	case verb == "resume" && count == 1:
		os.Exit(resume())
	case verb == "decide" && count == 5 && words[3] == "printed":
		if number, err := strconv.ParseUint(words[4], 10, 31); err == nil {
			os.Exit(decide(words[1], map[string]any{"verdict": "printed", "by": words[2], "number": number}))
		}
	case verb == "decide" && count == 4 && words[3] == "not_printed":
		os.Exit(decide(words[1], map[string]any{"verdict": "not_printed", "by": words[2]}))
	}
	fmt.Fprintln(os.Stderr, "sell NAME PRICE VAT | resume | decide KEY WHO printed NUMBER | decide KEY WHO not_printed")
	os.Exit(2)
}
