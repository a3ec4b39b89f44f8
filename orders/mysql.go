package orders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"tuidan/refund"
)

// MySQLOptions say how a shop's database is read. The user needs nothing but the
// right to select the columns that README names, and should have nothing else.
type MySQLOptions struct {
	Address      string // host:port, or the path of a socket
	Database     string
	User         string
	Password     string
	TLS          bool           // the server must have a certificate that this machine trusts
	Prefix       string         // of the tables' names
	Currency     string         // that the shop sells in: its tables have none
	Zone         *time.Location // that the shop writes times in: they carry none
	AccountField string         // the form's field in which buyers write the account; "": none
	Completed    *Completed
	Now          func() time.Time
}

// ErrSchema is returned when a shop's tables have not what is read of them, or the
// user may not see it.
var ErrSchema = errors.New("the shop's tables are not as expected")

// tables reads named columns of a shop's tables, and nothing else: some of the
// others hold cards and payment keys. It is safe for goroutines.
type tables struct {
	db   *sql.DB
	opts MySQLOptions

	mu  sync.Mutex
	has map[string][]string // columns by table; nil: not looked yet
}

var namePrefix = regexp.MustCompile(`^[A-Za-z0-9_]{0,32}$`)

// CheckPrefix says in words what makes a prefix of tables unusable.
func CheckPrefix(prefix string) error {
	if !namePrefix.MatchString(prefix) {
		return errors.New("a prefix has letters, digits and _ only")
	}
	return nil
}

// openTables connects with the first query. It fails when the options cannot be used.
func openTables(opts MySQLOptions) (*tables, error) {
	if opts.Address == "" || opts.Database == "" || opts.User == "" {
		return nil, errors.New("the address, the database or the user is missing")
	}
	if err := CheckPrefix(opts.Prefix); err != nil {
		return nil, err
	}
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", opts.Address
	if strings.HasPrefix(opts.Address, "/") {
		config.Net = "unix"
	}
	config.DBName, config.User, config.Passwd = opts.Database, opts.User, opts.Password
	config.InterpolateParams = true // one round trip an order
	config.Logger = quiet{}         // what fails is returned
	if opts.TLS {
		config.TLSConfig = "true"
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, errors.New("the address, the user or the database cannot be used")
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(8)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &tables{db: db, opts: opts}, nil
}

type quiet struct{}

func (quiet) Print(...any) {}

// Close ends all connections.
func (t *tables) Close() error { return t.db.Close() }

// name is a table's name, quoted for a query.
func (t *tables) name(table string) string { return "`" + t.opts.Prefix + table + "`" }

// columns returns which columns the tables have that the user may read. It fails
// with ErrSchema when a needed one, written as table.column, is not among them.
func (t *tables) columns(ctx context.Context, needed ...string) (func(column string) bool, error) {
	t.mu.Lock()
	has := t.has
	t.mu.Unlock()
	if has == nil {
		var err error
		if has, err = t.look(ctx); err != nil {
			return nil, err
		}
	}
	there := func(column string) bool {
		table, name, _ := strings.Cut(column, ".")
		return slices.Contains(has[strings.ToLower(t.opts.Prefix+table)], name)
	}
	var missing []string
	for _, column := range needed {
		if !there(column) {
			table, name, _ := strings.Cut(column, ".")
			missing = append(missing, t.opts.Prefix+table+"."+name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("database %s has no %s, or user %s may not read it: %w", t.opts.Database, strings.Join(missing, ", "), t.opts.User, ErrSchema)
	}
	t.mu.Lock()
	t.has = has
	t.mu.Unlock()
	return there, nil
}

func (t *tables) look(ctx context.Context) (map[string][]string, error) {
	rows, err := t.db.QueryContext(ctx, "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ?", t.opts.Database)
	if err != nil {
		return nil, t.fault(err)
	}
	defer rows.Close()
	has := make(map[string][]string)
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return nil, t.fault(err)
		}
		table = strings.ToLower(table) // servers differ in whether case counts
		has[table] = append(has[table], strings.ToLower(column))
	}
	return has, t.fault(rows.Err())
}

// row runs a query for one order and returns its columns as texts. It fails with
// refund.ErrNotFound when there is none.
func (t *tables) row(ctx context.Context, columns []string, from, no string) (map[string]sql.NullString, error) {
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	err := t.db.QueryRowContext(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+from, no).Scan(into...)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, refund.ErrNotFound
	case err != nil:
		return nil, t.fault(err)
	}
	row := make(map[string]sql.NullString, len(columns))
	for i, column := range columns {
		if _, alias, ok := strings.Cut(column, " AS "); ok {
			column = alias
		}
		row[column] = values[i]
	}
	return row, nil
}

// The server's numbers for what is not, or no longer, as it was looked at.
const (
	noSuchColumn  = 1054
	columnRefused = 1143
	tableRefused  = 1142
	noSuchTable   = 1146
)

// fault looks at the columns again before the next order when the shop was changed
// meanwhile.
func (t *tables) fault(err error) error {
	if said, ok := errors.AsType[*mysql.MySQLError](err); ok &&
		slices.Contains([]uint16{noSuchColumn, columnRefused, tableRefused, noSuchTable}, said.Number) {
		t.mu.Lock()
		t.has = nil
		t.mu.Unlock()
		return fmt.Errorf("%w: %w", ErrSchema, err)
	}
	return err
}

// moment reads a time that a shop wrote without its zone; none is zero.
func (t *tables) moment(text sql.NullString) (time.Time, error) {
	if !text.Valid || text.String == "" || strings.HasPrefix(text.String, "0000-00-00") {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", text.String, t.opts.Zone) // and a fraction, if there is one
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: %w", text.String, ErrAnswer)
	}
	return at.UTC().Truncate(time.Second), nil
}
