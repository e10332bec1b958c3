package io.helios.repl.peer;

import io.helios.repl.pki.RegionNames;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts the server of one region: what the authorities below vouch for, host name included, and which names that region. So a request
 * to a peer never reaches another one, whatever DNS or a proxy does. Thread-safe.
 */
final class RegionTrust extends X509ExtendedTrustManager {

  private final X509ExtendedTrustManager authorities;
  private final String region;

  RegionTrust(X509ExtendedTrustManager authorities, String region) {
    this.authorities = authorities;
    this.region = region;
  }

  private void requireRegion(X509Certificate[] chain) throws CertificateException {
    String named = RegionNames.of(chain[0]).orElse("none");
    if (!named.equals(region)) {
      throw new OtherRegionException(named);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
    authorities.checkServerTrusted(chain, authType, engine);
    requireRegion(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
    authorities.checkServerTrusted(chain, authType, socket);
    requireRegion(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
    authorities.checkServerTrusted(chain, authType);
    requireRegion(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
    throw serves();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
    throw serves();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
    throw serves();
  }

  private static CertificateException serves() {
    return new CertificateException("this trusts servers only");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authorities.getAcceptedIssuers();
  }
}
