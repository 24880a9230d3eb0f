// Platform takes what the executor sends: POST /api/metadata, as docs/platform.md says.
//
//	NUVYN_API_KEY=nv-mine go run examples/go/platform/main.go -listen 127.0.0.1:9000
//
// It keeps in memory what comes, for one tenant (-tenant) or for all, and shows it: GET /api/metadata?tenant_id=T.
package main

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"mime"
	"net"
	"net/http"
	"os"
	"sync"
)

const largest = 64 << 20 // bytes of a body

type row = map[string]any

// body is what is posted. What a later executor adds is kept with its rows, or ignored.
type body struct {
	JobID    string                                    `json:"job_id"`
	TenantID string                                    `json:"tenant_id"`
	Metadata *struct{ Sources, Tables, Columns []row } `json:"metadata"`
	Quality  map[string]any                            `json:"quality_metrics"`
}

// platform keeps the rows of each tenant by section and id, and what each Idempotency-Key was answered.
type platform struct {
	mutex    sync.Mutex
	key      string
	tenant   string
	rows     map[string]map[string]map[string]row
	answered map[string]int
}

var idOf = map[string]string{"sources": "source_id", "tables": "table_id", "columns": "column_id"}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/api/metadata" || r.Method != http.MethodPost && r.Method != http.MethodGet {
		refuse(w, http.StatusNotFound, "there is POST and GET /api/metadata, and no %s %s", r.Method, r.URL.Path)
		return
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+p.key)) != 1 {
		refuse(w, http.StatusUnauthorized, "wanted the header Authorization: Bearer and this platform's key")
		return
	}
	if r.Method == http.MethodGet {
		p.show(w, r.URL.Query().Get("tenant_id"))
		return
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "wanted application/json, got %q", kind)
		return
	}
	if r.ContentLength > largest {
		w.Header().Set("Connection", "close") // nothing of it is read
		refuse(w, http.StatusRequestEntityTooLarge, "wanted at most %d bytes", largest)
		return
	}
	var given body
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, largest))
	decoder.UseNumber() // a count has more digits than a float64
	if err := decoder.Decode(&given); err != nil {
		status := http.StatusBadRequest
		if errors.As(err, new(*http.MaxBytesError)) {
			status = http.StatusRequestEntityTooLarge
		}
		refuse(w, status, "the body is no JSON of metadata: %v", err)
		return
	}
	if given.JobID == "" || given.TenantID == "" || given.Metadata == nil || given.Quality == nil {
		refuse(w, http.StatusUnprocessableEntity, "wanted job_id, tenant_id, metadata and quality_metrics")
		return
	}
	if p.tenant != "" && given.TenantID != p.tenant {
		refuse(w, http.StatusForbidden, "this key may not speak for the tenant %q", given.TenantID)
		return
	}
	answer(w, http.StatusOK, row{"status": "received", "record_count": p.keep(given, r.Header.Get("Idempotency-Key"))})
}

// keep stores a body once, and returns the number of its rows. The same key is answered as the first time.
func (p *platform) keep(given body, key string) int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	key = given.TenantID + "\n" + key
	if count, isKnown := p.answered[key]; isKnown {
		return count
	}
	count := 0
	if p.rows[given.TenantID] == nil {
		p.rows[given.TenantID] = map[string]map[string]row{"sources": {}, "tables": {}, "columns": {}}
	}
	sections := map[string][]row{"sources": given.Metadata.Sources, "tables": given.Metadata.Tables, "columns": given.Metadata.Columns}
	for section, rows := range sections {
		for _, each := range rows {
			p.rows[given.TenantID][section][fmt.Sprint(each[idOf[section]])] = each
			count++
		}
	}
	if key != given.TenantID+"\n" {
		p.answered[key] = count
	}
	return count
}

func (p *platform) show(w http.ResponseWriter, tenant string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if tenant == "" || p.tenant != "" && tenant != p.tenant {
		refuse(w, http.StatusForbidden, "this key may not ask for the tenant %q", tenant)
		return
	}
	metadata := map[string][]row{"sources": {}, "tables": {}, "columns": {}}
	for section, kept := range p.rows[tenant] {
		for _, each := range kept {
			metadata[section] = append(metadata[section], each)
		}
	}
	answer(w, http.StatusOK, row{"tenant_id": tenant, "metadata": metadata})
}

func answer(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content) // who has gone needs no answer
}

func refuse(w http.ResponseWriter, status int, format string, values ...any) {
	answer(w, status, row{"error": row{"code": status, "message": fmt.Sprintf(format, values...)}})
}

func main() {
	listen := flag.String("listen", "127.0.0.1:9000", "where to listen")
	tenant := flag.String("tenant", "", "the tenant of the key; without it, the key speaks for all")
	flag.Parse()
	key := os.Getenv("NUVYN_API_KEY")
	if key == "" {
		log.Fatal("NUVYN_API_KEY is not set: it is the key that the executor has to send.")
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("takes metadata at http://%s/api/metadata", listener.Addr())
	log.Fatal(http.Serve(listener, &platform{key: key, tenant: *tenant,
		rows: map[string]map[string]map[string]row{}, answered: map[string]int{}}))
}
