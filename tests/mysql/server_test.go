package mysqltest

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	gmssql "github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/vitess/go/mysql"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"
	driver "github.com/go-sql-driver/mysql"
	"github.com/sirupsen/logrus"
)

const (
	database = "shop"
	password = "read-only-pa55"
)

// shopServer is a MySQL server with one database, a merchant who may do everything and
// the desk's user. It remembers what the desk asked.
type shopServer struct {
	t       *testing.T
	address string
	root    *sql.DB

	mu      sync.Mutex
	queries []string
	hold    chan struct{} // queries of the desk wait for it; nil: they do not
	held    chan struct{} // closed when one waits
}

// recorder notes the queries of the desk's user.
type recorder struct {
	mysql.Handler
	s *shopServer
}

func (r recorder) ComQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) error {
	if c.User == "desk" {
		r.s.mu.Lock()
		r.s.queries = append(r.s.queries, query)
		hold, held := r.s.hold, r.s.held
		r.s.mu.Unlock()
		if hold != nil {
			close(held)
			<-hold
		}
	}
	return r.Handler.ComQuery(ctx, c, query, callback)
}

func (r recorder) ComPrepare(ctx context.Context, c *mysql.Conn, query string, prepare *mysql.PrepareData) ([]*querypb.Field, error) {
	if c.User == "desk" {
		r.s.t.Errorf("two round trips for %s", query)
	}
	return r.Handler.ComPrepare(ctx, c, query, prepare)
}

// forgetful is where the server keeps its users: nowhere.
type forgetful struct{}

func (forgetful) Persist(*gmssql.Context, []byte) error { return nil }

func start(t *testing.T, schema string) *shopServer {
	t.Helper()
	logrus.SetLevel(logrus.PanicLevel) // the server tells of every connection
	db := memory.NewDatabase(database)
	db.EnablePrimaryKeyIndexes()
	provider := memory.NewDBProvider(db)
	engine := sqle.NewDefault(provider)
	users := engine.Analyzer.Catalog.MySQLDb
	users.SetPersister(forgetful{})
	users.AddRootAccount()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &shopServer{t: t, address: listener.Addr().String()}
	running, err := server.NewServerWithHandler(server.Config{Protocol: "tcp", Address: s.address, Listener: listener}, engine, gmssql.NewContext,
		memory.NewSessionBuilder(provider), nil, func(h mysql.Handler) (mysql.Handler, error) { return recorder{h, s}, nil })
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- running.Start() }()
	t.Cleanup(func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
	config := driver.NewConfig()
	config.Net, config.Addr, config.DBName, config.User = "tcp", s.address, database, "root"
	connector, err := driver.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	s.root = sql.OpenDB(connector)
	t.Cleanup(func() { _ = s.root.Close() })
	for statement := range strings.SplitSeq(schema, ";\n") {
		if strings.TrimSpace(statement) != "" {
			s.exec(statement)
		}
	}
	s.exec(fmt.Sprintf("CREATE USER 'desk'@'%%' IDENTIFIED BY '%s'", password))
	s.exec("GRANT SELECT ON shop.* TO 'desk'@'%'")
	return s
}

// exec is what the merchant does.
func (s *shopServer) exec(statement string, args ...any) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	if _, err := s.root.ExecContext(ctx, statement, args...); err != nil {
		s.t.Fatalf("%v: %s", err, statement)
	}
}
