// Package mysqltest reads orders from the tables of real shop systems on a server
// that speaks MySQL's protocol:
//
//	cd tests/mysql && go test ./...
package mysqltest
